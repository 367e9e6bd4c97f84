import { createTheme } from '@mantine/core'
import { Icon } from './icon.tsx'

/** What the kit's components look like everywhere; colours and sizes are in styles/tokens.css. */
export const theme = createTheme({
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    NativeSelect: {
      defaultProps: {
        rightSection: <Icon name="chevron" size={14} />,
        rightSectionPointerEvents: 'none',
      },
    },
  },
})
