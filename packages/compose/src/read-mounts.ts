import type { Mount } from './model.ts'
import { findChild } from './node.ts'
import type { Node } from './node.ts'
import { itemsOf } from './read-parts.ts'
import { defined, findBoolean, findBytes, findNumber, findText, readRecord } from './values.ts'

/** `volumes` of a canonical service. */
export function readMounts(node: Node | undefined): Mount[] {
  return itemsOf(node).map(readMount)
}

function readMount(node: Node): Mount {
  const type = (findText(node, 'type') ?? 'volume') as Mount['type']
  return {
    type,
    target: findText(node, 'target') ?? '',
    readOnly: findBoolean(node, 'read_only') ?? false,
    ...defined({
      source: findText(node, 'source') || undefined,
      consistency: findText(node, 'consistency'),
      bind: type === 'bind' ? readBind(findChild(node, 'bind')) : undefined,
      volume: type === 'volume' ? readVolume(findChild(node, 'volume')) : undefined,
      tmpfs: type === 'tmpfs' ? readTmpfs(findChild(node, 'tmpfs')) : undefined,
      image:
        type === 'image'
          ? defined({ subpath: findText(findChild(node, 'image'), 'subpath') })
          : undefined,
    }),
  }
}

function readBind(node: Node | undefined): NonNullable<Mount['bind']> {
  return {
    createHostPath: findBoolean(node, 'create_host_path') ?? false,
    ...defined({
      propagation: findText(node, 'propagation'),
      selinux: findText(node, 'selinux') as 'z' | 'Z' | undefined,
      recursive: findText(node, 'recursive') as NonNullable<Mount['bind']>['recursive'],
    }),
  }
}

function readVolume(node: Node | undefined): NonNullable<Mount['volume']> {
  return {
    noCopy: findBoolean(node, 'nocopy') ?? false,
    labels: readRecord(findChild(node, 'labels')),
    ...defined({ subpath: findText(node, 'subpath') }),
  }
}

function readTmpfs(node: Node | undefined): NonNullable<Mount['tmpfs']> {
  return defined({ sizeBytes: findBytes(node, 'size'), mode: findNumber(node, 'mode') })
}
