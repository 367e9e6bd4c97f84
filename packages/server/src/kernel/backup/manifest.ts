/** A migration as `kernel.migration` records it. */
export type AppliedMigration = {
  readonly domain: string
  readonly number: number
  readonly name: string
  readonly checksum: string
}

export type TableRef = { readonly schema: string; readonly name: string }

export type TableSource = TableRef & {
  /** In the order of the data. Generated columns are left out: the target generates them. */
  readonly columns: readonly string[]
}

export type TableDump = TableSource & {
  readonly rows: number
  readonly sizeBytes: number
  /** Of the rows in COPY text format, in the order of the primary key. */
  readonly sha256: string
}

/** A partition that was made at run time: no migration makes it in the target. */
export type Partition = TableRef & { readonly parent: TableRef; readonly bound: string }

/** `nextValue` as text: a bigint does not fit into a number. */
export type SequencePosition = TableRef & { readonly nextValue: string }

/** What a backup says about itself before its data. */
export type BackupHead = {
  readonly format: 1
  /** Version of Keelson. */
  readonly program: string
  /** Version of the PostgreSQL it was taken from. */
  readonly server: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly migrations: readonly AppliedMigration[]
  readonly partitions: readonly Partition[]
  readonly tables: readonly TableSource[]
  /** For whoever reads the manifest: what is not in the file. */
  readonly excludes: string
}

/** What only is known after the data. */
export type BackupFoot = {
  readonly tables: readonly TableDump[]
  readonly sequences: readonly SequencePosition[]
}

export type BackupManifest = Omit<BackupHead, 'tables'> &
  BackupFoot & { readonly file: string; readonly fileBytes: number }
