// Package fragment makes values for a gen3 deployment and proves them: each switch is tried by rendering the chart with the operator's
// own values, and what comes out says what it does. Which value does what is nowhere listed. It knows neither AWS nor a cluster.
package fragment
