// Package mailer sends mail about servers that went down or came up (configuration
// manual, 3.6 "mailers" and 4.2 "email-alert"). It owns the mailers sections, the
// settings of proxies, and one goroutine a section that talks to its mail servers,
// one message after the other. What is worth a mail is decided where it happens:
// engine.Mail is called there. No answer is ever awaited by those who call.
package mailer
