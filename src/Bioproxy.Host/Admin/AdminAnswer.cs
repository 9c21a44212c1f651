namespace Bioproxy.Host.Admin;

/// <summary>The answer to an operation on the admin port.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">JSON.</param>
internal sealed record AdminAnswer(int Status, ReadOnlyMemory<byte> Body);
