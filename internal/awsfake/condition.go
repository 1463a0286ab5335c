package awsfake

import (
	"slices"
	"strings"
)

// holds reports whether all of a statement's conditions do.
func (st *statement) holds(keys contextKeys) bool {
	for _, c := range st.conditions {
		if !c.holds(keys) {
			return false
		}
	}
	return true
}

func (c condition) holds(keys contextKeys) bool {
	quantifier, op, ifExists := splitOperator(c.operator)
	have, there := keys[strings.ToLower(c.key)]
	if op == "Null" {
		return slices.Contains(c.values, "true") == !there
	}
	negated := strings.Contains(op, "Not")
	switch {
	case quantifier == "ForAllValues":
		return all(have, func(v string) bool { return c.fits(op, v, keys) })
	case quantifier == "ForAnyValue":
		return slices.ContainsFunc(have, func(v string) bool { return c.fits(op, v, keys) })
	case !there:
		return ifExists || negated
	case negated:
		return all(have, func(v string) bool { return c.fits(op, v, keys) })
	default:
		return slices.ContainsFunc(have, func(v string) bool { return c.fits(op, v, keys) })
	}
}

// fits compares one value of the request with all of the policy's: one match is enough, and for a negated operator one
// too many.
func (c condition) fits(op, have string, keys contextKeys) bool {
	plain, negated := strings.Replace(op, "Not", "", 1), strings.Contains(op, "Not")
	hit := slices.ContainsFunc(c.values, func(want string) bool {
		want, ok := expand(want, keys)
		return ok && compare(plain, want, have)
	})
	return hit != negated
}

func compare(op, want, have string) bool {
	switch op {
	case "StringEquals":
		return want == have
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold(want, have)
	case "StringLike", "ArnLike", "ArnEquals":
		return glob(want, have)
	default: // operators that isOperator knows and compare does not never hold; judged documents are checked for them
		return false
	}
}

// splitOperator takes ForAnyValue:StringLikeIfExists apart.
func splitOperator(operator string) (quantifier, op string, ifExists bool) {
	op = operator
	if q, rest, ok := strings.Cut(operator, ":"); ok {
		quantifier, op = q, rest
	}
	op, ifExists = strings.CutSuffix(op, "IfExists")
	return quantifier, op, ifExists
}

// isOperator reports whether IAM has the condition operator.
func isOperator(operator string) bool {
	quantifier, op, _ := splitOperator(operator)
	known := evaluated(op)
	for _, family := range []string{"Numeric", "Date"} {
		for _, relation := range []string{"Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"} {
			known = known || op == family+relation
		}
	}
	known = known || op == "IpAddress" || op == "NotIpAddress" || op == "BinaryEquals"
	return known && (quantifier == "" || quantifier == "ForAllValues" || quantifier == "ForAnyValue")
}

// evaluated reports whether this package can evaluate the operator.
func evaluated(op string) bool {
	switch strings.Replace(op, "Not", "", 1) {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnLike", "ArnEquals", "Bool", "Null":
		return op != "NotBool" && op != "NotNull"
	default:
		return false
	}
}

// unevaluated are the document's operators on which judge is not to be trusted.
func (d *document) unevaluated() []string {
	var out []string
	for _, st := range d.statements {
		for _, c := range st.conditions {
			if _, op, _ := splitOperator(c.operator); !evaluated(op) {
				out = append(out, "condition operator "+c.operator)
			}
		}
	}
	return out
}

func all[T any](list []T, ok func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !ok(v) })
}
