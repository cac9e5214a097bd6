// GET /events subscribes, POST /publish sends its body to all. Tells its port on the first line; ends with its standard input.
import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";

const news = createChannel();

const server = createServer(async (request, response) => {
  if (request.method === "GET") {
    news.register(await createSession(request, response));
    return;
  }

  let body = "";
  for await (const part of request) {
    body += part;
  }

  news.broadcast(body, "message");
  response.writeHead(204).end();
});

server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", 4096, () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit());
