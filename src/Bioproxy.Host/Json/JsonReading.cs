using System.Text.Json;

namespace Bioproxy.Host.Json;

/// <summary>How clients' bodies are read.</summary>
internal static class JsonReading
{
    /// <summary>As deep as they are: llama-server has no limit, and what it can read must not be hidden from plugins. The reader needs one
    /// bit for each level.</summary>
    public static JsonReaderOptions Options { get; } = new() { MaxDepth = int.MaxValue };
}
