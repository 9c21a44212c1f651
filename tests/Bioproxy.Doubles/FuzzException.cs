namespace Bioproxy.Doubles;

/// <summary>An input that code did not refuse as it should.</summary>
internal sealed class FuzzException(string message, Exception? cause) : Exception(message, cause);
