import assert from 'node:assert/strict'
import { test } from 'node:test'
import { principalNameFault, roleNameFault } from './name-fault.ts'

test('a name of any script is fine, a blank or a sign in it is told in a sentence', () => {
  for (const name of ['', 'ana', '7up', 'Zoë.K', 'мария', 'deploy_bot-2', 'e\u0301va']) {
    assert.equal(principalNameFault(name), undefined, name)
  }
  for (const name of ['a b', '-ana', 'ana!', 'team:x', 'a/b']) {
    assert.match(principalNameFault(name) ?? '', /letters, digits and \. _ - only/, name)
  }
})

test('a role is named in small letters, digits and -', () => {
  for (const name of ['', 'restarter', 'on-call2'])
    assert.equal(roleNameFault(name), undefined, name)
  for (const name of ['Re starter!', 'Restarter', '2nd', 'à-jour']) {
    assert.match(roleNameFault(name) ?? '', /small letter/, name)
  }
})
