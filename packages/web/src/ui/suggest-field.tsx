import { useId } from 'react'
import { TextField } from './text-field.tsx'

type SuggestFieldProps = {
  label: string
  hint?: string | undefined
  name?: string
  fault?: string | undefined
  max: number
  /** `about` tells those of one name apart. */
  suggestions: readonly { name: string; about: string }[]
  value: string
  onChange: (value: string) => void
}

/** Something by its name; what is known is suggested, and anything can be typed. */
export const SuggestField = ({ suggestions, ...given }: SuggestFieldProps) => {
  const list = useId()
  return (
    <>
      <TextField {...given} exact list={list} />
      <datalist id={list}>
        {suggestions.map(({ name, about }) => (
          <option key={`${about} ${name}`} value={name}>
            {about}
          </option>
        ))}
      </datalist>
    </>
  )
}
