import { SegmentedControl, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { Icon, type IconName } from '../ui/icon.tsx'

const schemes: readonly { value: MantineColorScheme; icon: IconName; label: string }[] = [
  { value: 'auto', icon: 'auto', label: 'Theme of the system' },
  { value: 'light', icon: 'sun', label: 'Light theme' },
  { value: 'dark', icon: 'moon', label: 'Dark theme' },
]

const data = schemes.map(({ value, icon, label }) => ({
  value,
  label: (
    <span className="theme-option" title={label}>
      <Icon name={icon} size={15} />
      <span className="sr-only">{label}</span>
    </span>
  ),
}))

export const ThemeSwitch = () => {
  // Transitions stay on, because turning them off would need a <style> element.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return (
    <SegmentedControl
      size="xs"
      aria-label="Theme"
      value={colorScheme}
      onChange={setColorScheme}
      data={data}
    />
  )
}
