namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>A member of a request cannot be understood. Caught where the translation of its body begins.</summary>
internal sealed class OllamaRequestException(string message) : Exception(message);
