"use client";
import { useEffect, useState } from "react";
import { run } from "../contract.js";

export function Client({ input }) {
  const [report, setReport] = useState();
  useEffect(() => {
    run(input).then(setReport);
  }, [input]);
  return report && <pre id="client">{JSON.stringify(report)}</pre>;
}
