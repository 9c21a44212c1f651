namespace Bioproxy.Abstractions;

/// <summary>A plugin's question that the backend never answered.</summary>
public sealed class BackendUnavailableException : Exception
{
    /// <summary>A question without an answer.</summary>
    /// <param name="message">The reason.</param>
    public BackendUnavailableException(string message) : base(message)
    {
    }

    /// <summary>A question without an answer, with the cause.</summary>
    /// <param name="message">The reason.</param>
    /// <param name="innerException">The cause.</param>
    public BackendUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
