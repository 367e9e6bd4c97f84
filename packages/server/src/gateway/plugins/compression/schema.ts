import { Type, type Static } from 'typebox'
import { encodings } from './negotiate.ts'

/** What shrinks; pictures, films and archives are compressed already. */
const usualTypes = [
  ...['text/*', 'application/json', 'application/*+json', 'application/javascript'],
  ...['application/xml', 'application/*+xml', 'application/wasm', 'application/x-ndjson'],
  ...['image/svg+xml', 'image/bmp', 'font/ttf', 'font/otf'],
]

export const schema = Type.Object(
  {
    encodings: Type.Array(Type.Enum(encodings), {
      default: [...encodings],
      minItems: 1,
      description: 'What is offered; of equally welcome ones the first is taken.',
    }),
    types: Type.Array(Type.String({ minLength: 1 }), {
      default: usualTypes,
      description:
        'Media types that are compressed; `*` stands for any text. Event streams never are.',
    }),
    min_size: Type.Integer({
      default: 1024,
      minimum: 0,
      description: 'Bytes; smaller answers, when their length is known, stay as they are.',
    }),
    gzip_level: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 9,
      description: 'Effort of gzip.',
    }),
    br_quality: Type.Integer({ default: 4, minimum: 0, maximum: 11, description: 'Effort of br.' }),
    zstd_level: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 19,
      description: 'Effort of zstd.',
    }),
  },
  { additionalProperties: false },
)

export type CompressionConfig = Static<typeof schema>
