import type * as Force from 'd3-force'
import type { Walk } from '../shapes.ts'

declare global {
  interface Window {
    d3: typeof Force
  }
}

type Node = Force.SimulationNodeDatum & Walk['nodes'][number]
const width = 760
const height = 380
const labelUnits = 26
const steps = 160
const space = 'http://www.w3.org/2000/svg'

/** The walk as a graph: memories round, keys square. Arrow keys go to the nearest node that way, Enter opens a memory. */
export function graphOf(walk: Walk, open: (memory_id: number) => void): SVGSVGElement {
  const nodes: Node[] = walk.nodes.map((node) => ({ ...node }))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const links = walk.links.flatMap(({ from, to, score }) => {
    const [source, target] = [byId.get(from), byId.get(to)]
    return source === undefined || target === undefined ? [] : [{ source, target, score }]
  })
  settle(nodes, links)
  const svg = element('svg', {
    class: 'walk',
    viewBox: `0 0 ${width} ${height}`,
    role: 'group',
    'aria-label': 'The walk',
  })
  for (const { source, target, score } of links) svg.append(...lineOf(source, target, score))
  const groups = nodes.map((node) => groupOf(node, open))
  groups.forEach((group, at) => {
    if (at === 0) group.setAttribute('tabindex', '0')
    group.addEventListener('keydown', (event) => step(event, nodes, groups, at))
  })
  svg.append(...groups)
  return svg
}

/** The forces run to their end at once: nothing moves that nobody moves. O(steps × nodes log nodes). */
function settle(nodes: Node[], links: readonly { source: Node; target: Node }[]): void {
  const { forceSimulation, forceLink, forceManyBody, forceCenter, forceCollide, forceX, forceY } = window.d3
  const simulation = forceSimulation(nodes)
    .force('link', forceLink([...links]).distance(70))
    .force('charge', forceManyBody().strength(-190))
    .force('centre', forceCenter(width / 2, height / 2))
    .force('apart', forceCollide(26))
    .force('x', forceX(width / 2).strength(0.05))
    .force('y', forceY(height / 2).strength(0.12))
    .stop()
  simulation.tick(steps)
  spread(nodes, 'x', 40, width - 190)
  spread(nodes, 'y', 24, height - 24)
}

/** What the forces have made fills the picture, whatever size it had. */
function spread(nodes: readonly Node[], axis: 'x' | 'y', least: number, most: number): void {
  const places = nodes.map((node) => node[axis] ?? 0)
  const [low, high] = [Math.min(...places), Math.max(...places)]
  const scale = high - low < 1 ? 0 : (most - least) / (high - low)
  for (const node of nodes) node[axis] = scale === 0 ? (least + most) / 2 : least + ((node[axis] ?? 0) - low) * scale
}

function lineOf(source: Node, target: Node, score: number): SVGElement[] {
  const [x1, y1, x2, y2] = [source.x ?? 0, source.y ?? 0, target.x ?? 0, target.y ?? 0]
  const label = element('text', { class: 'score', x: (x1 + x2) / 2, y: (y1 + y2) / 2, 'text-anchor': 'middle' })
  label.textContent = score.toFixed(2)
  return [element('line', { x1, y1, x2, y2, 'stroke-width': 1 + Math.min(4, score) }), label]
}

function groupOf(node: Node, open: (memory_id: number) => void): SVGGElement {
  const { x = 0, y = 0, kind, label, score, id } = node
  const said = `${kind} ${label}${score > 0 ? `, score ${score.toFixed(2)}` : ''}`
  const group = element('g', {
    class: kind,
    tabindex: '-1',
    role: 'button',
    'aria-label': said,
    transform: `translate(${x} ${y})`,
  })
  const radius = 7 + Math.min(9, score * 3)
  const shape =
    kind === 'memory'
      ? element('circle', { r: radius })
      : element('rect', { x: -6, y: -6, width: 12, height: 12, rx: 2 })
  const text = element('text', { x: radius + 4, y: 4 })
  text.textContent = label.length > labelUnits ? `${label.slice(0, labelUnits - 1)}…` : label
  const title = element('title', {})
  title.textContent = said
  group.append(title, shape, text)
  const memory_id = kind === 'memory' ? Number(id.split(' ')[1]) : 0
  const act = (): void => {
    if (memory_id > 0) open(memory_id)
  }
  group.addEventListener('click', act)
  group.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') act()
  })
  return group
}

const ways: { readonly [key: string]: readonly [x: number, y: number] } = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

function step(event: KeyboardEvent, nodes: readonly Node[], groups: readonly SVGGElement[], from: number): void {
  const way = ways[event.key]
  const here = nodes[from]
  if (way === undefined || here === undefined) return
  event.preventDefault()
  let best = -1
  let least = Number.POSITIVE_INFINITY
  for (const [at, { x = 0, y = 0 }] of nodes.entries()) {
    const [dx, dy] = [x - (here.x ?? 0), y - (here.y ?? 0)]
    const ahead = dx * way[0] + dy * way[1]
    const aside = Math.abs(dx * way[1] - dy * way[0])
    if (ahead <= 0 || ahead + 2 * aside >= least) continue
    best = at
    least = ahead + 2 * aside
  }
  const next = groups[best]
  if (next === undefined) return
  groups[from]?.setAttribute('tabindex', '-1')
  next.setAttribute('tabindex', '0')
  next.focus()
}

function element<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: { readonly [name: string]: string | number },
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(space, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  return made
}
