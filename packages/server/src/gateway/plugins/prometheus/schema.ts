import { Type, type Static } from 'typebox'
import { config, flag } from '../access-fields.ts'

export const prometheusSchema = config({
  per_consumer: flag('Tells requests and bytes apart by consumer.'),
  status_code_metrics: flag('Counts answers by their status.'),
  latency_metrics: flag('Keeps histograms of latencies.'),
  bandwidth_metrics: flag('Counts bytes in both directions.'),
  upstream_health_metrics: flag('Shows the health of the targets of upstreams.'),
  ai_metrics: Type.Literal(false, {
    default: false,
    description: 'Metrics of language models, which there are none of here: false only.',
  }),
  wasm_metrics: Type.Literal(false, {
    default: false,
    description: 'Metrics of WebAssembly filters, which there are none of here: false only.',
  }),
})

export type PrometheusConfig = Static<typeof prometheusSchema>
