//! Where spans go, by the variables that OpenTelemetry has for it.

use crate::cli::output::Stop;
use crate::cli::world::variable;
use crate::serve::Collector;

/// Where the collector is; unset or empty, nobody is told of spans.
pub const ENDPOINT_VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

const PROTOCOL_VARIABLE: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

/// The only one that is spoken.
const PROTOCOL: &str = "http/json";

/// The collector that the environment names, if it names one.
///
/// # Errors
///
/// A variable that cannot be used, and why.
pub fn from_environment() -> Result<Option<Collector>, Stop> {
    let read = |name| variable(name).map(|value| value.filter(|value| !value.trim().is_empty()));
    let Some(endpoint) = read(ENDPOINT_VARIABLE).map_err(Stop::Failed)? else { return Ok(None) };
    if let Some(other) = read(PROTOCOL_VARIABLE).map_err(Stop::Failed)?.filter(|name| name != PROTOCOL) {
        return Err(Stop::Failed(format!(
            "{PROTOCOL_VARIABLE} is `{other}`: spans are sent as {PROTOCOL} only, which a collector takes on the same \
             port as http/protobuf; set it to {PROTOCOL}"
        )));
    }
    let headers = read("OTEL_EXPORTER_OTLP_HEADERS").map_err(Stop::Failed)?;
    let service = read("OTEL_SERVICE_NAME").map_err(Stop::Failed)?;
    let collector = Collector::new(endpoint.trim(), headers.as_deref(), service.as_deref());
    collector.map(Some).map_err(|problem| Stop::Failed(format!("{ENDPOINT_VARIABLE}: {problem}")))
}
