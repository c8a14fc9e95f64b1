// Asks the shop at argv[2] with Algolia's own client and prints what it gave.

import { algoliasearch } from "algoliasearch";

const { hostname: url, port, protocol } = new URL(process.argv[2]);
const client = algoliasearch("shop", "none", {
  hosts: [{ url, port: Number(port), protocol: protocol.slice(0, -1), accept: "readWrite" }],
  timeouts: { connect: 5_000, read: 20_000, write: 30_000 },
});

const refused = async (asking) => asking.then(() => null).catch(({ message, status }) => ({ message, status }));

const found = {
  several: await client.search({
    requests: [
      {
        indexName: "products",
        query: "tent",
        facets: ["brand", "hierarchicalCategories.lvl1"],
        facetFilters: [["brand:Norrvik", "brand:Fernhill"]],
        numericFilters: ["price<=300"],
        hitsPerPage: 50,
      },
      { indexName: "products", type: "facet", facet: "brand", facetQuery: "nor" },
      { indexName: "products_price_desc", hitsPerPage: 3, distinct: false, attributesToRetrieve: ["price"] },
    ],
  }),
  one: await client.searchSingleIndex({
    indexName: "products",
    searchParams: { query: "helmet", attributesToSnippet: ["description:4"], clickAnalytics: true },
  }),
  values: await client.searchForFacetValues({
    indexName: "products",
    facetName: "color",
    searchForFacetValuesRequest: { facetQuery: "gre", maxFacetHits: 5 },
  }),
  object: await client.getObject({ indexName: "products", objectID: "tent-kestrel-2", attributesToRetrieve: ["title"] }),
  objects: await client.getObjects({
    requests: [
      { indexName: "products", objectID: "tarp-drift" },
      { indexName: "products", objectID: "nothing" },
    ],
  }),
  missing: await refused(client.getObject({ indexName: "products", objectID: "nothing" })),
  wrong: await refused(client.searchSingleIndex({ indexName: "products", searchParams: { filters: "((" } })),
};

console.log(JSON.stringify(found));
