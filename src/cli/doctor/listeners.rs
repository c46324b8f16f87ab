//! Who listens where on this host, as far as the system shows it in `/proc/net`.

use super::kind::{Kind, Part};
use super::report::Report;

/// State of a socket that listens.
const LISTENS: &str = "0A";

/// How the kernel writes the loopback addresses: 127.0.0.1, ::1, ::ffff:127.0.0.1.
const LOOPBACK: [&str; 3] =
    ["0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"];

/// `tables` are the texts of `/proc/net/tcp` and `/proc/net/tcp6`, as far as there are any.
pub fn judge(tables: &[String], port: u16, report: &mut Report) {
    let addresses: Vec<&str> = tables.iter().flat_map(|table| listening(table, port)).collect();
    if addresses.iter().any(|address| !LOOPBACK.contains(address)) {
        report.found(Kind::OpenPort, format!("port {port} is open beyond 127.0.0.1"));
    } else if !addresses.is_empty() {
        report.ok(Part::Daemon, format!("port {port} is open on loopback only"));
    }
}

/// The addresses on which somebody listens at this port, as the kernel writes them.
fn listening(table: &str, port: u16) -> impl Iterator<Item = &str> {
    let port = format!("{port:04X}");
    table.lines().filter_map(move |line| {
        let mut words = line.split_whitespace().skip(1);
        let (address, at) = words.next()?.split_once(':')?;
        let state = words.nth(1)?;
        (at == port && state == LISTENS).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::report::State;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:0FB4 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 00000000:0FA0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0501A8C0:0FB4 0101A8C0:C350 01 00000000:00000000 00:00000000 00000000     0
";

    fn states(table: &str, port: u16) -> Vec<State> {
        let mut report = Report::default();
        judge(&[table.to_owned()], port, &mut report);
        report.0.iter().map(|check| check.state).collect()
    }

    #[test]
    fn only_who_listens_at_the_port_counts() {
        assert_eq!(states(TABLE, 4020), [State::Ok]);
        assert_eq!(states(TABLE, 4000), [State::Found(Kind::OpenPort)]);
        assert_eq!(states(TABLE, 4021), []);
        let any_v6 = TABLE.replace("0100007F:0FB4", "00000000000000000000000000000000:0FB4");
        assert_eq!(states(&any_v6, 4020), [State::Found(Kind::OpenPort)]);
        let v6 = TABLE.replace("0100007F:0FB4", "00000000000000000000000001000000:0FB4");
        assert_eq!(states(&v6, 4020), [State::Ok]);
    }
}
