import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ComposeError } from '@keelson/compose'
import type { Problem } from '@keelson/contract'
import { ProblemError } from '@keelson/sdk'
import picocolors from 'picocolors'
import { failureOf, formatFailure } from './failure.ts'

const colors = picocolors.createColors(false)
const format = (error: unknown) => formatFailure(failureOf(error), '/home/a/shop', colors)

const problem = (given: Partial<Problem>): ProblemError =>
  new ProblemError({
    type: 'about:blank',
    title: 't',
    status: 422,
    detail: 'the stack cannot be run',
    code: 'stack_invalid',
    hint: 'Each problem is listed.',
    ...given,
  })

test('every fault of a compose file: place, message, way out', () => {
  const diagnostic = { severity: 'error', code: 'x', file: '/home/a/shop/compose.yaml' } as const
  const error = new ComposeError([
    { ...diagnostic, line: 4, column: 5, message: 'unknown key imagee', hint: 'image' },
    { ...diagnostic, line: 9, column: 1, message: 'dependency cycle: a -> b -> a' },
  ])
  assert.equal(
    format(error),
    `✗ compose.yaml:4:5: unknown key imagee
  Try: image
✗ compose.yaml:9:1: dependency cycle: a -> b -> a`,
  )
  assert.equal(failureOf(error).exitCode, 2)
  const [last] = new ComposeError([{ ...diagnostic, line: 1, column: 1, message: 'm' }]).diagnostics
  assert.ok(last)
  assert.match(format(new ComposeError([last])), /m\n {2}Try: correct the file/)
})

test('a problem without single faults: what happened and its hint', () => {
  assert.equal(
    format(problem({ status: 404, code: 'service_not_found', detail: 'no service x', hint: 'ps' })),
    '✗ no service x\n  Try: ps',
  )
})

test('a problem with faults: each with its place, the hint of all at the end', () => {
  const origin = { file: '/home/a/shop/compose.yaml', line: 7, column: 3 }
  assert.equal(
    format(
      problem({ errors: [{ message: 'port 80 is in use', origin }, { message: 'no command' }] }),
    ),
    `✗ compose.yaml:7:3: port 80 is in use
✗ no command
  Try: Each problem is listed.`,
  )
})

test('a file elsewhere keeps its whole path', () => {
  const origin = { file: '/etc/x.yaml', line: 1, column: 2 }
  assert.match(format(problem({ errors: [{ message: 'm', origin }] })), /^✗ \/etc\/x\.yaml:1:2: m/)
})

test('a platform that goes away in between is no mistake of the program', async () => {
  const lost = await fetch('http://127.0.0.1:1/').catch((error: unknown) => error)
  assert.match(format(lost), /^✗ Keelson stopped answering \(.+\)\n {2}Try: .*keelson up/)
})

test('a mistake of Keelson keeps its stack and asks for a report', () => {
  const failure = failureOf(new TypeError('undefined is not a function'))
  assert.equal(failure.exitCode, 1)
  assert.match(failure.faults[0]?.message ?? '', /failure\.test\.ts/)
})

test('a message of others cannot change the terminal', () => {
  assert.equal(format(problem({ detail: 'a\u001B[31mb\u0007', hint: '' })), '✗ ab')
})
