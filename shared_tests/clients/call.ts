// One call of each kind with a client that uses the types from openapi-typescript.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });

const tags = await client.GET("/api/tags");
const count: number = tags.data?.tags.length ?? -1;

const user = { username: process.argv[3], email: `${process.argv[3]}@example.com` };
const made = await client.POST("/api/users", {
  body: { user: { ...user, password: "a long password" } },
});
const name: string | undefined = made.data?.user.username;

const refused = await client.GET("/api/articles/{slug}", { params: { path: { slug: "no" } } });
const messages: string[] = refused.error?.errors.article ?? [];

console.log(JSON.stringify({ count, name, messages }));
