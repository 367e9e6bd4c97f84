import { TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { Icon } from './icon.tsx'
import { wordsMax } from './words.ts'

export type SearchBoxProps = {
  label: string
  placeholder: string
  /** What is looked for now. */
  words: string
  onFind: (words: string) => void
}

const typingMs = 250

/** Looks for words once somebody stops typing: half a word has its own address otherwise. */
export const SearchBox = ({ label, placeholder, words, onFind }: SearchBoxProps) => {
  const [text, setText] = useState(words)
  const [sent, setSent] = useState(words)
  const [told, setTold] = useState(words)
  const find = useDebouncedCallback((next: string) => {
    setSent(next)
    onFind(next)
  }, typingMs)
  if (told !== words) {
    setTold(words)
    // Not by what was typed here: a link, the way back, or the filter was cleared.
    if (words !== sent) {
      setSent(words)
      setText(words)
    }
  }
  return (
    <TextInput
      type="search"
      size="sm"
      aria-label={label}
      placeholder={placeholder}
      leftSection={<Icon name="search" />}
      maxLength={wordsMax}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        find(currentTarget.value)
      }}
    />
  )
}
