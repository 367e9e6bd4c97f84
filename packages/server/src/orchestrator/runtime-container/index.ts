/**
 * Container runtime: instances as containers of a Docker Engine. Keeps nothing beside the labels
 * of its containers. Invariants: the engine restarts nothing by itself; a container is created
 * once per incarnation; containers without our owner label are touched only where the caller names
 * them (a stack of Docker Compose that is adopted).
 */
export { createContainerRuntime, type ContainerRuntimeOptions } from './container-runtime.ts'
export { contextDigest } from './build-context.ts'
