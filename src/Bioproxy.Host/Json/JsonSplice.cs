namespace Bioproxy.Host.Json;

/// <summary>Replaces <see cref="Range"/> of a body by <see cref="Replacement"/>; an empty range inserts.</summary>
internal readonly record struct JsonSplice(JsonRange Range, ReadOnlyMemory<byte> Replacement);
