namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>A member of a request cannot be understood. Thrown while a body is translated, and caught where the translation begins.</summary>
internal sealed class OllamaRequestException(string message) : Exception(message);
