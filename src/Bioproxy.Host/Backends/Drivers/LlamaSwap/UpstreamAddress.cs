namespace Bioproxy.Host.Backends.Drivers.LlamaSwap;

/// <summary>llama-swap forwards what comes below <c>/upstream/{model}/</c> to the model's own server, and loads the model for it.</summary>
internal sealed class UpstreamAddress(string model) : IModelAddress
{
    public string Path(string path) => $"upstream/{string.Join('/', model.Split('/').Select(Uri.EscapeDataString))}/{path}";

    public ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> body) => body;
}
