import type { Preferences } from '@keelson/contract'
import type { MantineColorScheme } from '@mantine/core'

export const schemeOf = ({ theme = 'system' }: Preferences): MantineColorScheme =>
  theme === 'system' ? 'auto' : theme
