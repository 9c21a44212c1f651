using System.Diagnostics.CodeAnalysis;

namespace Bioproxy.Host.Configuration;

/// <summary>How a scalar is read.</summary>
/// <param name="Kind">The JSON type it has in the file.</param>
/// <param name="Accepted">What is accepted, as it follows "expected".</param>
/// <param name="TryRead">Parses its text.</param>
internal sealed record ValueReader<T>(ConfigurationValueKind Kind, string Accepted, ValueReader<T>.Try TryRead)
{
    public delegate bool Try(string text, [MaybeNullWhen(false)] out T value);
}
