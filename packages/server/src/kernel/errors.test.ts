import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorTable } from '@keelson/contract/errors'
import { AppError, messageOf } from './errors.ts'

test('the message is the sentence given, or the title with the facts', () => {
  const { title } = errorTable.port_taken
  assert.equal(new AppError('port_taken').message, title)
  assert.equal(
    new AppError('port_taken', { port: 80, host: 'a', pid: undefined }).message,
    `${title} (port 80, host a)`,
  )
  assert.equal(new AppError('port_taken', { message: 'Taken', port: 80 }).message, 'Taken')
})

test('the hint is the one of the table, or a better one', () => {
  assert.equal(new AppError('port_taken').hint, errorTable.port_taken.hint)
  assert.equal(new AppError('port_taken', {}, { hint: 'Use 81' }).hint, 'Use 81')
})

test('the cause is kept', () => {
  const cause = new Error('EADDRINUSE')
  assert.equal(new AppError('port_taken', {}, { cause }).cause, cause)
})

test('whatever was thrown has a message', () => {
  assert.equal(messageOf(new Error('a')), 'a')
  assert.equal(messageOf('b'), 'b')
  assert.equal(messageOf(undefined), 'undefined')
})
