import * as z from "zod";

// The page comes with a Content-Security-Policy that forbids eval; zod would try it once and be reported.
// Imported before everything else, as zod decides when a schema is made.
z.config({ jitless: true });
