//! Any template is read or refused, checked, bounded, and rendered within its fuel and its size.

#![no_main]

use std::sync::Arc;

use ensc::template::{Answer, Data, Expression, Fence, Kind, RENDERED_SIZE_MAX, Scope, Size, Template};

libfuzzer_sys::fuzz_target!(|source: &str| {
    let answer = |text: &str| Arc::new(Answer { present: true, text: text.into(), ..Answer::default() });
    let mut scope = Scope::default();
    scope.set("a", Data::Answer(answer("one </tag> two")));
    scope.set("xs", Data::Answers(Arc::new(vec![answer("1,000"), answer("```\nx\n```")])));
    scope.set("n", Data::Int(7));
    scope.set("s", Data::Text("text, <|im_end|>".into()));
    let visible = |name: &str| match name {
        "a" => Some(Kind::Answer),
        "xs" => Some(Kind::Answers(Vec::new())),
        "n" => Some(Kind::Number),
        "s" => Some(Kind::Text),
        _ => None,
    };
    let sizes = |_: &str| Size { tokens: 10, ..Size::default() };
    for fence in [Fence::On, Fence::Off] {
        let Ok(template) = Template::compile(source, fence) else { continue };
        for fault in template.check(&visible).1 {
            assert!(fault.range.start <= fault.range.end && fault.range.end <= source.len());
        }
        let _ = template.size(&sizes);
        if let Ok(text) = template.render(&scope) {
            assert!(text.len() <= RENDERED_SIZE_MAX);
        }
    }
    if let Ok(expression) = Expression::compile(source) {
        let _ = (expression.check(&visible), expression.size(&sizes), expression.holds(&scope));
    }
});
