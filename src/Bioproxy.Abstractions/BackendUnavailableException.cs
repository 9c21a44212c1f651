namespace Bioproxy.Abstractions;

/// <summary>The backend did not answer a plugin's question.</summary>
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
