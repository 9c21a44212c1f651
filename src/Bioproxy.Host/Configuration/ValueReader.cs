using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>How a scalar is read.</summary>
/// <param name="Kind">The JSON type it has in the file.</param>
/// <param name="Accepted">What is accepted, as it follows "expected".</param>
/// <param name="TryRead">Parses its text.</param>
internal sealed record ValueReader<T>(ConfigurationValueKind Kind, string Accepted, ValueReader<T>.Try TryRead)
{
    /// <summary>Makes its JSON schema.</summary>
    public Func<JsonObject> Schema { get; init; } = () => Schemas.Of(Kind);

    public delegate bool Try(string text, [MaybeNullWhen(false)] out T value);
}
