//! Which traces are sampled: decided by their id alone, so everybody who decides, decides the same.

/// The bits of a trace id that are random, also where a UUIDv7 gave it: the last 56, as W3C has it.
const RANDOM_BITS: u32 = 56;

/// Decides by trace id. Reads `OTEL_TRACES_SAMPLER` and its argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampler {
    /// All traces.
    Always,
    /// None: also when nothing exports them.
    Never,
    /// A trace whose random bits are below this, of 2^56.
    Below(u64),
}

impl Sampler {
    /// Samples this share of all traces, from 0 to 1.
    pub fn ratio(share: f64) -> Sampler {
        let all = (1u64 << RANDOM_BITS) as f64;
        Sampler::Below((share.clamp(0.0, 1.0) * all) as u64)
    }

    /// The sampler of `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`, and a warning where they are
    /// not understood. A batch is the root of its trace, so the `parentbased_` ones are what they base
    /// on. The default is all traces.
    pub fn from_variables(name: Option<&str>, argument: Option<&str>) -> (Sampler, Option<String>) {
        let name = name.unwrap_or_default().trim();
        match name.strip_prefix("parentbased_").unwrap_or(name) {
            "" | "always_on" => (Sampler::Always, None),
            "always_off" => (Sampler::Never, None),
            "traceidratio" => match argument.map(|share| share.trim().parse::<f64>()) {
                None => (Sampler::Always, None),
                Some(Ok(share)) if (0.0..=1.0).contains(&share) => (Sampler::ratio(share), None),
                Some(_) => {
                    let text = "OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1";
                    (Sampler::Always, Some(text.to_owned()))
                }
            },
            _ => {
                let text = format!("OTEL_TRACES_SAMPLER {name:?} is not known here");
                (Sampler::Always, Some(text))
            }
        }
    }

    /// Whether any trace is sampled.
    pub fn samples(&self) -> bool {
        !matches!(self, Sampler::Never | Sampler::Below(0))
    }

    /// Whether the trace is sampled.
    pub fn decide(&self, trace_id: &[u8; 16]) -> bool {
        match self {
            Sampler::Always => true,
            Sampler::Never => false,
            Sampler::Below(bound) => {
                let random = u128::from_be_bytes(*trace_id) & ((1 << RANDOM_BITS) - 1);
                random < u128::from(*bound)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    fn ids() -> impl Iterator<Item = [u8; 16]> {
        // The form of UUIDv7: a time, and the variant bits `10` at the top of the second half.
        let mut rng = StdRng::seed_from_u64(7);
        (0..20_000).map(move |_| {
            let mut id: [u8; 16] = rng.random();
            id[6] = 0x70 | (id[6] & 0x0f);
            id[8] = 0x80 | (id[8] & 0x3f);
            id
        })
    }

    #[test]
    fn a_share_of_batch_ids_is_that_share_in_spite_of_their_fixed_bits() {
        for share in [0.1, 0.25, 0.5, 0.9] {
            let sampler = Sampler::ratio(share);
            let sampled = ids().filter(|id| sampler.decide(id)).count() as f64 / 20_000.0;
            assert!((sampled - share).abs() < 0.02, "{sampled} of {share}");
        }
        assert!(ids().all(|id| Sampler::ratio(1.0).decide(&id)));
        assert!(!ids().any(|id| Sampler::ratio(0.0).decide(&id)));
        assert!(Sampler::ratio(0.01).samples() && !Sampler::ratio(0.0).samples());
    }

    #[test]
    fn the_standard_variables_are_read() {
        let read = |name, argument| Sampler::from_variables(name, argument);
        assert_eq!(read(None, None), (Sampler::Always, None));
        assert_eq!(read(Some("always_off"), None), (Sampler::Never, None));
        assert_eq!(read(Some("parentbased_always_on"), None), (Sampler::Always, None));
        assert_eq!(read(Some("traceidratio"), Some("0.25")), (Sampler::ratio(0.25), None));
        assert_eq!(read(Some("parentbased_traceidratio"), None), (Sampler::Always, None));
        for (name, argument) in [("traceidratio", "many"), ("traceidratio", "7"), ("xray", "")] {
            let (sampler, warning) = read(Some(name), Some(argument));
            assert_eq!(sampler, Sampler::Always);
            assert!(warning.is_some(), "{name} {argument}");
        }
    }
}
