package printable

import "reflect"

// Document returns a copy of v in which every text is fit for one line, as by Line: a printer that is given the copy has
// no datum left to think of. What v holds behind fields that are not exported is shared.
func Document[T any](v T) T {
	var out T
	fill(reflect.ValueOf(&out).Elem(), reflect.ValueOf(&v).Elem())
	return out
}

// fill puts the printable form of from into to, which is of the same type and can be set.
func fill(to, from reflect.Value) {
	to.Set(from)
	switch from.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.String:
		to.SetString(Line(from.String()))
	case reflect.Struct:
		for i := range from.NumField() {
			if to.Field(i).CanSet() {
				fill(to.Field(i), from.Field(i))
			}
		}
	case reflect.Slice:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			fill(to.Index(i), from.Index(i))
		}
	case reflect.Pointer, reflect.Interface:
		if from.IsNil() {
			return
		}
		inner := reflect.New(from.Elem().Type()).Elem()
		fill(inner, from.Elem())
		if from.Kind() == reflect.Pointer {
			inner = inner.Addr()
		}
		to.Set(inner)
	case reflect.Map:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
		for _, key := range from.MapKeys() {
			k, v := reflect.New(key.Type()).Elem(), reflect.New(from.Type().Elem()).Elem()
			fill(k, key)
			fill(v, from.MapIndex(key))
			to.SetMapIndex(k, v)
		}
	}
}
