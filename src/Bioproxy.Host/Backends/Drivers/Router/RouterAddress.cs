using Bioproxy.Host.Json;

namespace Bioproxy.Host.Backends.Drivers.Router;

/// <summary>llama-server's router takes the model from the query of a GET and from the body of a POST. It is asked not to load the model
/// for the call: it then answers 400 (measured on build 11669).</summary>
internal sealed class RouterAddress(string model) : IModelAddress
{
    private readonly string _query = $"autoload=false&model={Uri.EscapeDataString(model)}";

    public string Path(string path) => path + (path.Contains('?', StringComparison.Ordinal) ? '&' : '?') + _query;

    public ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> body)
    {
        var splice = JsonMembers.Set(body.Span, "model", model);
        var (start, length) = (splice.Range.Start, splice.Range.Length);
        return (byte[])[.. body.Span[..start], .. splice.Replacement.Span, .. body.Span[(start + length)..]];
    }
}
