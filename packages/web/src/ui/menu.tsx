import { ActionIcon } from '@mantine/core'
import { useId, useRef, type ReactNode } from 'react'
import { Icon } from './icon.tsx'
import './menu.css'

type MenuProps = {
  /** What of: read, not drawn. */
  label: string
  /** Items of a list, each with a button or a link. */
  children: ReactNode
}

const gapPx = 4
const edgePx = 8

/** What can be done with a row. The browser's own popover: Escape and a click elsewhere close it. */
export const Menu = ({ label, children }: MenuProps) => {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLUListElement>(null)
  /** Below the button and as far right as it, or above it where there is no room. */
  const place = () => {
    if (button.current === null || list.current === null) return
    const at = button.current.getBoundingClientRect()
    const { offsetWidth: width, offsetHeight: height, style } = list.current
    const isRoomBelow = at.bottom + gapPx + height + edgePx <= window.innerHeight
    style.top = `${Math.max(edgePx, isRoomBelow ? at.bottom + gapPx : at.top - gapPx - height)}px`
    style.left = `${Math.max(edgePx, at.right - width)}px`
  }
  return (
    <>
      <ActionIcon
        ref={button}
        variant="subtle"
        color="gray"
        size={28}
        aria-label={label}
        title={label}
        popoverTarget={id}
      >
        <Icon name="more" />
      </ActionIcon>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events -- a click of what is inside closes it; keys click too */}
      <ul
        ref={list}
        id={id}
        popover="auto"
        className="menu"
        aria-label={label}
        onToggle={({ newState }) => {
          if (newState === 'open') place()
        }}
        onClick={() => list.current?.hidePopover()}
      >
        {children}
      </ul>
    </>
  )
}

type MenuButtonProps = { danger?: boolean; onClick: () => void; children: ReactNode }

export const MenuButton = ({ danger = false, onClick, children }: MenuButtonProps) => (
  <li>
    <button type="button" className={danger ? 'is-unhealthy' : ''} onClick={onClick}>
      {children}
    </button>
  </li>
)
