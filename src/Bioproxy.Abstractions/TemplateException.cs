namespace Bioproxy.Abstractions;

/// <summary>A template that cannot be parsed or rendered. The message is written for the template's author.</summary>
public sealed class TemplateException : Exception
{
    /// <summary>A failure without a place.</summary>
    /// <param name="message">What is wrong and how to fix it.</param>
    public TemplateException(string message) : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    /// <param name="message">What is wrong and how to fix it.</param>
    /// <param name="innerException">The cause.</param>
    public TemplateException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>A failure at a place in the template.</summary>
    /// <param name="message">What is wrong and how to fix it.</param>
    /// <param name="line">Line, from 1.</param>
    /// <param name="column">Column in UTF-16 units, from 1.</param>
    public TemplateException(string message, int line, int column) : base(message)
    {
        Line = line;
        Column = column;
    }

    /// <summary>A failure without a message; prefer the other constructors.</summary>
    public TemplateException()
    {
    }

    /// <summary>Line, from 1; 0 when unknown.</summary>
    public int Line { get; }

    /// <summary>Column in UTF-16 units, from 1; 0 when unknown.</summary>
    public int Column { get; }
}
