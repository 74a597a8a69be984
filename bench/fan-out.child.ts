import { createServer, type Socket } from 'node:net'

// The floor of the bench of events: a server that does nothing but write. Each byte that a connection sends is answered on
// it, and then a text as long as an event is written to all connections.

const eventBytes = Number(process.argv[2])
const event = Buffer.alloc(eventBytes, 'x')
const sockets = new Set<Socket>()

const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket)
  socket.on('data', () => {
    socket.write('a')
    for (const other of sockets) other.write(event)
  })
  socket.on('close', () => sockets.delete(socket))
  socket.on('error', () => {})
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
})
process.on('disconnect', () => process.exit())
