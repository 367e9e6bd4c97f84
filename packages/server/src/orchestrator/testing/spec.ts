import { plainService, plainStack } from '@keelson/contract'
import type { ProbeSpec, ServiceSpec, StackSpec } from '@keelson/contract'

/** A plain process service; what a test is about is in `more`. */
export const serviceSpec = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  ...plainService,
  command: ['sleep', '600'],
  protocol: 'http',
  ...more,
})

export const stackSpec = (
  name: string,
  services: readonly ServiceSpec[],
  more: Partial<StackSpec> = {},
): StackSpec => ({
  name,
  ...plainStack,
  services: [...services],
  ...more,
})

export const probeTiming = {
  intervalMs: 1000,
  timeoutMs: 500,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 1000,
}

export const execProbe = (more: Partial<typeof probeTiming> = {}): ProbeSpec => ({
  kind: 'exec',
  command: ['check'],
  ...probeTiming,
  ...more,
})

export const needs = (
  service: string,
  condition: ServiceSpec['dependsOn'][number]['condition'] = 'service_started',
  required = true,
): ServiceSpec['dependsOn'][number] => ({ service, condition, required, restart: false })

/** A container service with nothing but an image. */
export const containerSpec = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec =>
  serviceSpec(name, {
    runtime: 'container',
    command: null,
    container: {
      image: `${name}:1`,
      pullPolicy: 'missing',
      networks: {},
      mounts: [],
      init: false,
      tty: false,
      stdinOpen: false,
      privileged: false,
      readOnly: false,
      capAdd: [],
      capDrop: [],
      extraHosts: {},
    },
    ...more,
  })
