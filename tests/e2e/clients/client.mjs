// Sends one event with each client to the shop at argv[2], with the key in argv[3].

import { Client } from "@opensearch-project/opensearch";
import { Analytics } from "@segment/analytics-node";
import insights from "search-insights";

const [, , url, key] = process.argv;
const timestamp = "2026-05-01T10:00:00.000Z";
const told = {};

const analytics = new Analytics({ host: url, writeKey: key, flushAt: 2, maxRetries: 0 });
analytics.on("error", ({ code, reason }) => (told.segmentError = `${code} ${reason}`));
analytics.track({ anonymousId: "device", event: "Product Viewed", properties: { product_id: "lantern" } });
analytics.track({ userId: "anna", event: "Order Completed", properties: { order_id: "o-1", products: [{ product_id: "lantern", quantity: 1, price: 30 }] } });
await analytics.closeAndFlush();

insights("init", { appId: "shop", apiKey: key, host: url, useCookie: false });
insights("setUserToken", "device");
told.insights = await insights("clickedObjectIDsAfterSearch", {
  index: "products",
  eventName: "Product clicked",
  queryID: "0".repeat(32),
  objectIDs: ["lantern"],
  positions: [1],
});

const opensearch = new Client({ node: url, auth: { username: "shop", password: key } });
const event = (object_id) => ({ action_name: "item_view", client_id: "device", timestamp, event_attributes: { object: { object_id } } });
told.written = (await opensearch.index({ index: "ubi_events", id: "one", body: event("lantern") })).body.result;
const bulk = await opensearch.bulk({
  body: [{ index: { _index: "ubi_events" } }, event("lantern"), { index: { _index: "ubi_events" } }, { ...event("x"), timestamp: "soon" }],
});
told.bulk = bulk.body.items.map(({ index }) => index.status);
told.refused = await new Client({ node: url, auth: { username: "shop", password: "wrong" } })
  .index({ index: "ubi_events", body: event("lantern") })
  .catch(({ statusCode }) => statusCode);

console.log(JSON.stringify(told));
