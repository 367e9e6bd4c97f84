import { Type, type Static } from 'typebox'
import { nullable } from '../access-fields.ts'

const seconds = (options: {
  default: number
  minimum?: number
  maximum?: number
  description: string
}) => Type.Number(options)

/** How entries wait for who takes them, in Kong's fields (kong/tools/queue_schema.lua). */
export const queueSettings = (batchSize = 1) =>
  Type.Object(
    {
      max_batch_size: Type.Integer({
        default: batchSize,
        minimum: 1,
        maximum: 1_000_000,
        description: 'Most entries that are sent at once.',
      }),
      max_coalescing_delay: seconds({
        default: 1,
        minimum: 0,
        maximum: 3600,
        description: 'Seconds for which a batch waits to become full.',
      }),
      max_entries: Type.Integer({
        default: 10_000,
        minimum: 1,
        maximum: 1_000_000,
        description: 'Most entries that wait; the oldest go when there are more.',
      }),
      max_bytes: nullable(
        Type.Integer({ minimum: 1 }),
        'Most bytes that wait; 64 MiB when nothing is said.',
      ),
      max_retry_time: seconds({
        default: 60,
        description: 'Seconds after which a batch that cannot be sent is given up; -1 tries once.',
      }),
      initial_retry_delay: seconds({
        default: 0.01,
        minimum: 0.001,
        maximum: 1_000_000,
        description: 'Seconds before the second attempt; each wait is twice the one before.',
      }),
      max_retry_delay: seconds({
        default: 60,
        minimum: 0.001,
        maximum: 1_000_000,
        description: 'Most seconds between two attempts.',
      }),
      concurrency_limit: Type.Union([Type.Literal(1), Type.Literal(-1)], {
        default: 1,
        description: 'Batches under way at once; -1 is up to 64.',
      }),
    },
    {
      additionalProperties: false,
      default: {},
      description: 'How entries wait and are tried again.',
    },
  )

export type QueueSettings = Static<ReturnType<typeof queueSettings>>
