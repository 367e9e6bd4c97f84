import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react'
import type { Place } from './layout.ts'

export type WayEdgeType = Edge<{ way: Place[] | undefined }, 'way'>

/** An edge along the way the layout found around the services, instead of straight through them. */
export const WayEdge = (props: EdgeProps<WayEdgeType>) => {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data } = props
  const way = data?.way ?? []
  const bends = way.slice(1, -1)
  const [bezier, bezierX, bezierY] = getBezierPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
  })
  // Without bends between the layers nothing is in the way.
  const isBent = bends.length > 1
  const start = { x: sourceX, y: sourceY }
  const end = { x: targetX, y: targetY }
  const middle = isBent ? bends[Math.floor(bends.length / 2)] : undefined
  return (
    <BaseEdge
      id={props.id}
      path={isBent ? smooth([start, ...bends, end]) : bezier}
      labelX={middle?.x ?? bezierX}
      labelY={middle?.y ?? bezierY}
      label={props.label}
      {...(props.markerEnd === undefined ? {} : { markerEnd: props.markerEnd })}
      {...(props.labelBgPadding === undefined ? {} : { labelBgPadding: props.labelBgPadding })}
      {...(props.labelBgBorderRadius === undefined
        ? {}
        : { labelBgBorderRadius: props.labelBgBorderRadius })}
    />
  )
}

/** Leaves and arrives level, and goes level through every bend: an S between each two places. */
const smooth = ([first, ...rest]: Place[]): string => {
  if (first === undefined) return ''
  let path = `M${first.x},${first.y}`
  let from = first
  for (const to of rest) {
    const half = (from.x + to.x) / 2
    path += ` C${half},${from.y} ${half},${to.y} ${to.x},${to.y}`
    from = to
  }
  return path
}
