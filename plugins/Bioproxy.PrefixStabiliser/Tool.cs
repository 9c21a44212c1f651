namespace Bioproxy.PrefixStabiliser;

/// <summary>One tool of a list.</summary>
/// <param name="Name">Its name, or its type where it has none.</param>
/// <param name="Start">Where it stands in the list's bytes.</param>
/// <param name="Bytes">Its JSON.</param>
internal readonly record struct Tool(string Name, int Start, ReadOnlyMemory<byte> Bytes);
