import type { Shape } from './shape.ts'

/* Shapes that several parts of the specification share. */

export const string: Shape = { is: 'string' }
export const boolean: Shape = { is: 'boolean' }
export const duration: Shape = { is: 'duration' }
export const text: Shape = { is: 'text' }
export const bytes: Shape = { is: 'bytes' }
export const anything: Shape = { is: 'anything' }
export const number: Shape = { is: 'number' }
export const strings: Shape = { is: 'list', of: string }
export const wholeNumber: Shape = { is: 'number', whole: true }
export const count = (min: number): Shape => ({ is: 'number', min, whole: true })
export const name = /^[a-zA-Z0-9._-]+$/

export const stringOrList: Shape = {
  is: 'either',
  scalar: string,
  list: strings,
  called: 'a string or a list of strings',
}

/** `environment`, `labels`, `args`: a mapping, or a list of KEY=VALUE. */
export const keyValues: Shape = {
  is: 'either',
  list: strings,
  map: { is: 'record', of: text, nullable: true },
  called: 'a mapping or a list of KEY=VALUE',
}

/** `driver_opts` and `options`: a mapping only. */
export const options: Shape = { is: 'record', of: text, nullable: true }

export const extraHosts: Shape = {
  is: 'either',
  list: strings,
  map: { is: 'record', of: stringOrList },
  called: 'a list or a mapping',
}

export const ulimits: Shape = {
  is: 'record',
  of: {
    is: 'either',
    scalar: wholeNumber,
    map: {
      is: 'object',
      keys: { soft: wholeNumber, hard: wholeNumber },
      required: ['soft', 'hard'],
    },
    called: 'a number or a mapping of soft and hard',
  },
  key: /^[a-z]+$/,
}

/** `configs` and `secrets` of a service. */
export const fileReferences: Shape = {
  is: 'list',
  of: {
    is: 'either',
    scalar: string,
    map: {
      is: 'object',
      keys: { source: string, target: string, uid: string, gid: string, mode: text },
    },
    called: 'a string or a mapping',
  },
}

export const hook: Shape = {
  is: 'object',
  keys: {
    command: stringOrList,
    user: string,
    privileged: boolean,
    working_dir: string,
    environment: keyValues,
  },
  required: ['command'],
  nullable: ['command'],
}

export const preStartHook: Shape = {
  is: 'object',
  keys: {
    command: stringOrList,
    image: string,
    user: string,
    privileged: boolean,
    working_dir: string,
    environment: keyValues,
    per_replica: boolean,
  },
  nullable: ['command'],
}

const deviceRequestKeys: Readonly<Record<string, Shape>> = {
  capabilities: strings,
  count: {
    is: 'string',
    loose: true,
    legal: /^(all|-?\d+)$/i,
    legalHint: 'all, or a number',
  },
  device_ids: strings,
  driver: string,
  options: keyValues,
}

export const deviceRequest: Shape = {
  is: 'object',
  keys: deviceRequestKeys,
  required: ['capabilities'],
}

export const gpuRequest: Shape = { is: 'object', keys: deviceRequestKeys }
