//! What is read when it is asked for.

use std::fmt;

use prometheus_client::{
    encoding::{
        DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder, NoLabelSet,
    },
    metrics::MetricType,
};

/// Writes metrics of a [`Collector`](prometheus_client::collector::Collector).
#[derive(Debug)]
pub struct Rows<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl<'a> Rows<'a> {
    /// Into this encoder.
    pub fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self { encoder }
    }

    /// A gauge of one value.
    ///
    /// # Errors
    /// The text can't be written.
    pub fn gauge(
        &mut self,
        name: &str,
        help: &str,
        value: impl EncodeGaugeValue + Copy,
    ) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        metric.encode_gauge(&value)
    }

    /// A counter of one value.
    ///
    /// # Errors
    /// The text can't be written.
    pub fn counter<V: EncodeCounterValue + Copy>(
        &mut self,
        name: &str,
        help: &str,
        value: V,
    ) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, V, f64>(&value, None)
    }

    /// A gauge of a value for each of some labels; nothing where there are none.
    ///
    /// # Errors
    /// The text can't be written.
    pub fn gauges<V: EncodeGaugeValue, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = ([(&'static str, String); N], V)>,
    ) -> fmt::Result {
        let write = |mut metric: MetricEncoder<'_>, value| metric.encode_gauge(&value);
        self.family(name, help, MetricType::Gauge, values, write)
    }

    /// A counter of a value for each of some labels; nothing where there are none.
    ///
    /// # Errors
    /// The text can't be written.
    pub fn counters<V: EncodeCounterValue, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = ([(&'static str, String); N], V)>,
    ) -> fmt::Result {
        let write = |mut metric: MetricEncoder<'_>, value| {
            metric.encode_counter::<NoLabelSet, V, f64>(&value, None)
        };
        self.family(name, help, MetricType::Counter, values, write)
    }

    fn family<V, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        values: impl IntoIterator<Item = ([(&'static str, String); N], V)>,
        write: impl Fn(MetricEncoder<'_>, V) -> fmt::Result,
    ) -> fmt::Result {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        let mut family = self.encoder.encode_descriptor(name, help, None, kind)?;
        values.try_for_each(|(labels, value)| write(family.encode_family(&labels)?, value))
    }
}
