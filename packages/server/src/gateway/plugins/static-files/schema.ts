import { Type, type Static } from 'typebox'

export const schema = Type.Object(
  {
    root: Type.String({
      minLength: 1,
      pattern: '^/',
      description: 'Folder whose files are served; an absolute path.',
    }),
    index: Type.Array(Type.String({ pattern: '^[^/\\\\.][^/\\\\]*$' }), {
      default: ['index.html'],
      description: 'Files that stand for their folder; the first that is there.',
    }),
    fallback: Type.Optional(
      Type.String({
        pattern: '^[^/.]',
        description: 'File for paths that are not there: the page of a single-page application.',
      }),
    ),
    precompressed: Type.Boolean({
      default: true,
      description:
        'Serve `file.zst`, `file.br` or `file.gz` beside a file to clients that accept it.',
    }),
    cache_control: Type.Optional(Type.String({ description: 'Cache-Control of every file.' })),
  },
  { additionalProperties: false },
)

export type StaticFilesConfig = Static<typeof schema>
