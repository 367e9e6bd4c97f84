import { Type, type Static } from 'typebox'

/** A place in a file a person wrote; line and column count from 1. */
export const Position = Type.Object(
  {
    file: Type.String(),
    line: Type.Integer({ minimum: 1 }),
    column: Type.Integer({ minimum: 1 }),
  },
  { $id: 'Position' },
)
export type Position = Static<typeof Position>

/**
 * Where a value comes from: its place, and how it got there (an anchor, an env file, a default).
 * Line 0 is no line of a file: a shell variable has none.
 */
export const Origin = Type.Object(
  {
    file: Type.String(),
    line: Type.Integer({ minimum: 0 }),
    column: Type.Integer({ minimum: 0 }),
    note: Type.Optional(Type.String()),
  },
  { $id: 'Origin' },
)
export type Origin = Static<typeof Origin>

/** One fault among several in a request or a file. */
export const ProblemDetail = Type.Object(
  {
    message: Type.String(),
    pointer: Type.Optional(Type.String({ description: 'JSON pointer into the request body' })),
    origin: Type.Optional(Origin),
    hint: Type.Optional(Type.String()),
  },
  { $id: 'ProblemDetail' },
)
export type ProblemDetail = Static<typeof ProblemDetail>

/** RFC 9457 problem with a stable `code` and a way out. */
export const Problem = Type.Object(
  {
    type: Type.String({
      description: 'urn:keelson:problem:<code>; docs/reference/errors.md explains each',
    }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.Optional(Type.String({ description: 'Path of the request' })),
    code: Type.String(),
    hint: Type.String(),
    requestId: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(ProblemDetail, { maxItems: 200 })),
  },
  { $id: 'Problem' },
)
export type Problem = Static<typeof Problem>
