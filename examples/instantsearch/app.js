// A search page of stock InstantSearch widgets. Only the client's host differs from one for Algolia.

import { liteClient } from "algoliasearch/lite";
import instantsearch from "instantsearch.js";
import {
  clearRefinements,
  configure,
  currentRefinements,
  hierarchicalMenu,
  hits,
  pagination,
  rangeSlider,
  refinementList,
  searchBox,
  sortBy,
  stats,
  toggleRefinement,
} from "instantsearch.js/es/widgets";
import insights from "search-insights";

const shop = new URL(MERCATO);

const searchClient = liteClient("mercato", "none", {
  hosts: [
    {
      url: shop.hostname,
      port: shop.port ? Number(shop.port) : undefined,
      protocol: shop.protocol.slice(0, -1),
      accept: "readWrite",
    },
  ],
  // Milliseconds. The client gives a host up after two seconds and turns to the next: there is but one.
  timeouts: { connect: 5_000, read: 20_000, write: 30_000 },
});

const search = instantsearch({
  indexName: "products",
  searchClient,
  routing: true,
  insights: { insightsClient: insights, insightsInitParams: { host: shop.origin, useCookie: true } },
});

const LEVELS = [0, 1, 2].map((level) => `hierarchicalCategories.lvl${level}`);

const LABELS = {
  [LEVELS[0]]: "Category",
  brand: "Brand",
  color: "Colour",
  price: "Price",
  availability: "Availability",
};

const words = (text) => text.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

const money = (amount, currency) =>
  new Intl.NumberFormat("en-IE", { style: "currency", currency: currency ?? "EUR" }).format(amount);

// A hue for each department, so that products without a picture still tell themselves apart.
const hue = (text) => [...text].reduce((sum, letter) => (sum * 37 + letter.charCodeAt(0) * 11) % 360, 0);

const card = (hit, { html, components, sendEvent }) => {
  const department = hit.hierarchicalCategories?.lvl0 ?? "";
  const gone = hit.availability === "out_of_stock";
  return html`
    <article class="card" onClick=${() => sendEvent("click", hit, "Product clicked")}>
      ${hit.image_link
        ? html`<img class="picture" src="${hit.image_link}" alt="" loading="lazy" />`
        : html`<div class="picture" style="--hue: ${hue(department)}" aria-hidden="true">
            <span>${(hit.product_type ?? "").split(" > ").at(-1)}</span>
          </div>`}
      <div class="about">
        <p class="brand">${components.Highlight({ hit, attribute: "brand" })}</p>
        <h2>${components.Highlight({ hit, attribute: "title" })}</h2>
        ${hit.description && html`<p class="text">${components.Snippet({ hit, attribute: "description" })}</p>`}
        <p class="price">
          ${hit.sale_price
            ? html`<strong>${money(hit.sale_price, hit.currency)}</strong> <s>${money(hit.price, hit.currency)}</s>`
            : html`<strong>${money(hit.price, hit.currency)}</strong>`}
          ${gone && html`<span class="gone">Sold out</span>`}
        </p>
      </div>
    </article>
  `;
};

search.addWidgets([
  configure({ hitsPerPage: 12, attributesToSnippet: ["description:14"] }),
  searchBox({ container: "#search-box", placeholder: "Tents, jackets, stoves …", showReset: true }),
  stats({
    container: "#stats",
    templates: {
      // Through html, which escapes: what a template gives as plain text is taken for markup.
      text: ({ nbHits, query }, { html }) =>
        html`${nbHits.toLocaleString("en")} ${nbHits === 1 ? "product" : "products"}${query && ` for “${query}”`}`,
    },
  }),
  sortBy({
    container: "#sort-by",
    items: [
      { label: "Best match", value: "products" },
      { label: "Price, lowest first", value: "products_price_asc" },
      { label: "Price, highest first", value: "products_price_desc" },
    ],
  }),
  currentRefinements({
    container: "#current-refinements",
    transformItems: (items) =>
      items.map((item) => ({
        ...item,
        label: LABELS[item.attribute] ?? item.label,
        refinements: item.refinements.map((each) => ({
          ...each,
          label: item.attribute === "availability" ? words(each.label) : each.label,
        })),
      })),
  }),
  clearRefinements({
    container: "#clear-refinements",
    templates: { resetLabel: () => "Clear all" },
  }),
  hierarchicalMenu({ container: "#category", attributes: LEVELS }),
  refinementList({
    container: "#brand",
    attribute: "brand",
    searchable: true,
    searchablePlaceholder: "Find a brand",
    limit: 6,
    showMore: true,
  }),
  refinementList({ container: "#color", attribute: "color", limit: 6, showMore: true }),
  rangeSlider({
    container: "#price",
    attribute: "price",
    pips: false,
    tooltips: { format: (amount) => `€${Math.round(amount)}` },
  }),
  toggleRefinement({
    container: "#availability",
    attribute: "availability",
    on: "in_stock",
    templates: { labelText: () => "In stock only" },
  }),
  hits({
    container: "#hits",
    templates: {
      item: card,
      empty: ({ query }, { html }) => html`
        <div class="nothing">
          <h2>Nothing found${query ? html` for “${query}”` : ""}</h2>
          <p>Try fewer or other words, or clear the filters.</p>
        </div>
      `,
    },
  }),
  pagination({ container: "#pagination", padding: 2 }),
]);

search.start();

const filters = document.querySelector("#filters");
document.querySelector("#show-filters").addEventListener("click", () => filters.showModal());
document.querySelector("#hide-filters").addEventListener("click", () => filters.close());
search.on("render", () => {
  const found = search.helper?.lastResults?.nbHits ?? 0;
  document.querySelector("#hide-filters").textContent = `Show ${found.toLocaleString("en")} products`;
});

// On a wide screen the filters stand beside the hits; on a phone they open above them.
const wide = matchMedia("(min-width: 52rem)");
const place = () => {
  filters.close();
  filters.toggleAttribute("open", wide.matches);
};
wide.addEventListener("change", place);
place();
