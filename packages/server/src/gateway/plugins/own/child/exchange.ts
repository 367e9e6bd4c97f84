import { deserialize, serialize } from 'node:v8'
import type { OwnAnswer, OwnExchange, OwnResponse, OwnSeen } from '../author.ts'
import { limits } from '../limits.ts'
import type { Answer, Changes, ResponseView, SeenView } from '../messages.ts'
import { pairsOf, recordedFields } from './fields.ts'

/** A request as `log` sees it. */
export const seenOf = (view: SeenView): OwnSeen => ({
  ...view,
  request: { ...view.request, headers: recordedFields(view.request.headers).fields },
  notes: view.notes === null ? undefined : deserialize(view.notes),
})

/** A request for `access`, and what the hook has changed once it is through. */
export const accessOf = (view: SeenView, body: Buffer | null) => {
  const seen = seenOf(view)
  const request = recordedFields(view.request.headers)
  const answers = recordedFields([])
  const changes = noChanges()
  changes.requestHeaders = request.edits
  changes.answerHeaders = answers.edits
  const exchange: OwnExchange = {
    ...seen,
    request: { ...seen.request, headers: request.fields, body },
    answerHeaders: answers.fields,
    respond: (answer) => {
      changes.answer ??= answerOf(answer)
    },
    refuse: (status, message, headers) => {
      changes.refusal ??= { status, message, headers: pairsOf(headers) }
    },
    authenticate: ({ consumer, groups = [] }) => {
      changes.identity = { consumer, groups: [...groups] }
    },
  }
  return { exchange, changes: () => finished(changes, exchange, view) }
}

/** A request with its answer for `response`, and what the hook has changed. */
export const responseOf = (view: SeenView, given: ResponseView) => {
  const exchange = seenOf(view)
  const headers = recordedFields(given.headers)
  const changes = noChanges()
  changes.answerHeaders = headers.edits
  const response: OwnResponse = {
    status: given.status,
    source: given.source,
    headers: headers.fields,
    replace: (answer) => {
      changes.answer = answerOf(answer)
    },
  }
  return {
    exchange,
    response,
    changes: () => {
      if (response.status !== given.status) changes.status = response.status
      return finished(changes, exchange, view)
    },
  }
}

const noChanges = (): Changes => ({
  ...{ answer: null, refusal: null, identity: null, status: null, notes: null },
  ...{ requestHeaders: [], answerHeaders: [] },
})

const answerOf = ({ status, headers, body }: OwnAnswer): Answer => {
  const bytes = body === undefined ? null : Buffer.from(body)
  if (bytes !== null && bytes.length > limits.bodyBytes) {
    throw new RangeError(`an answer of ${bytes.length} bytes; ${limits.bodyBytes} are allowed`)
  }
  return { status, headers: pairsOf(headers), body: bytes }
}

/** Null when there is nothing to do, which is the usual case. */
const finished = (changes: Changes, { notes }: OwnSeen, view: SeenView): Changes | null => {
  changes.notes = notes === undefined ? null : serialize(notes)
  if (changes.notes !== null && changes.notes.length > limits.notesBytes) {
    throw new RangeError(`notes of ${changes.notes.length} bytes; ${limits.notesBytes} are allowed`)
  }
  const isQuiet =
    changes.answer === null &&
    changes.refusal === null &&
    changes.identity === null &&
    changes.status === null &&
    changes.notes === view.notes &&
    changes.requestHeaders.length === 0 &&
    changes.answerHeaders.length === 0
  return isQuiet ? null : changes
}
