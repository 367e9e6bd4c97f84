import { ciReader } from './ci.ts'
import { makefileReader } from './ci-makefile.ts'
import { createMarkdownReader } from './markdown.ts'
import type { Reader } from './reader.ts'
import { createSourceReader } from './source/read-source.ts'
import { settingsReader } from './source/settings.ts'

/** Readers of code, documents and pipelines, for one audit: some count what they have read. */
export const createCodeReaders = (): readonly Reader[] => [
  createSourceReader(),
  settingsReader,
  createMarkdownReader(),
  ciReader,
  makefileReader,
]
