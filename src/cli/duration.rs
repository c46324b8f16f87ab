//! Lengths of time in flags and settings: `500ms`, `30s`, `2m`, `1h`.

use std::time::Duration;

/// A whole number and its unit; `None` if it is not that.
#[must_use]
pub fn read(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ms).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_in_the_language() {
        let ms = |text| read(text).map(|d| d.as_millis());
        assert_eq!(ms("30s"), Some(30_000));
        assert_eq!(ms("500ms"), Some(500));
        assert_eq!(ms("2m"), Some(120_000));
        for wrong in ["30", "s", "-1s", "1.5s", "", "99999999999999999h"] {
            assert_eq!(ms(wrong), None, "{wrong}");
        }
    }
}
